import { describe, expect, it } from "vitest";
import { catalogue as board } from "../board/messages";
import { catalogue as field } from "../field/messages";
import { catalogue as receipt } from "../receipt/messages";
import { chosenLanguage, nameOf, speaker, untranslated, type Catalogue } from "./i18n.svelte";

const few: Catalogue<"hello" | "bye"> = { en: { hello: "Hello {name}", bye: "Bye" }, km: { hello: "សួស្តី {name}" }, lo: {} };

describe("messages", () => {
  it("are whole in Khmer and Lao, with the same places as in English", () => {
    const places = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
    for (const catalogue of [board, field, receipt] as Catalogue<string>[]) {
      for (const language of ["km", "lo"] as const) {
        expect(untranslated(catalogue, language)).toEqual([]);
        for (const [key, text] of Object.entries(catalogue.en)) {
          expect(places(catalogue[language][key] ?? ""), `${language} ${key}`).toEqual(places(text));
        }
      }
    }
  });

  it("fall back to English, visibly in development", () => {
    expect(speaker(few, "km", false)("hello", { name: "A" })).toBe("សួស្តី A");
    expect(speaker(few, "km", false)("bye")).toBe("Bye");
    expect(speaker(few, "km", true)("bye")).toBe("⟦Bye⟧");
  });
});

describe("the language", () => {
  it("is the one asked for, else the cookie's, else English", () => {
    expect(chosenLanguage("?lang=lo", "sekong_lang=km")).toBe("lo");
    expect(chosenLanguage("", "a=b; sekong_lang=km")).toBe("km");
    expect(chosenLanguage("?lang=fr", "")).toBe("en");
    expect(chosenLanguage("?lang=toString", "")).toBe("en");
  });

  it("decides which name is shown, as far as there is one", () => {
    const post = { name_en: "Siem Pang", name_km: "សៀមប៉ាង", name_lo: null };
    expect([nameOf(post, "en"), nameOf(post, "km"), nameOf(post, "lo")]).toEqual(["Siem Pang", "សៀមប៉ាង", "Siem Pang"]);
  });
});
