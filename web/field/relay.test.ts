import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fromHex, sha256, toHex } from "../shared/receipt";
import { codeText, deafUntil, hear, instructionOf, LOCK_MS, NOTHING_HEARD, readCode, Table, type Memory } from "./relay";

interface Golden {
  tables: { key: string }[];
  days: string[];
  hours: number[];
  numbers: number[];
  codes: number;
  sha256: string;
  some: string[];
}

const { relay } = JSON.parse(
  readFileSync(new URL("../../crates/draw/tests/it/golden/relay.json", import.meta.url), "utf8"),
) as { relay: Golden };

async function table(at: number): Promise<Table> {
  return Table.of(await Table.keyOf(fromHex(relay.tables[at]?.key ?? "")));
}

describe("the golden codes", () => {
  it("are the centre's to the last digit", async () => {
    const lines: string[] = [];
    const tables = await Promise.all(relay.tables.map((_, at) => table(at)));
    for (const number of relay.numbers) {
      for (const hour of relay.hours) {
        for (const day of relay.days) {
          for (const [at, own] of tables.entries()) {
            const code = await own.code({ day, hour }, number);
            expect(await own.number({ day, hour }, code)).toBe(number);
            lines.push(`${at} ${day} ${String(hour).padStart(2, "0")} ${String(number).padStart(3, "0")} ${codeText(code)}`);
          }
        }
      }
    }
    expect(lines.length).toBe(relay.codes);
    expect(relay.some.filter((line) => !lines.includes(line))).toEqual([]);
    const text = lines.map((line) => `${line}\n`).join("");
    expect(toHex(await sha256(new TextEncoder().encode(text)))).toBe(relay.sha256);
  });
});

describe("a typed code", () => {
  it("is nine digits of any script here, with marks between them", () => {
    const code = { code: 17_482_913 };
    for (const text of ["017482913", " 017 482 913 ", "០១៧ ៤៨២ ៩១៣", "໐໑໗-໔໘໒-໙໑໓", "017.482\u200b913", "０１７ ４８２ ９１３"]) {
      expect(readCode(text), text).toEqual(code);
    }
    expect(codeText(17_482_913)).toBe("017 482 913");
  });

  it("that is none says what is wrong", () => {
    expect(readCode("017 482 91")).toEqual({ count: 8 });
    expect(readCode("")).toEqual({ count: 0 });
    expect(readCode("O17 482 913")).toEqual({ character: "O" });
    for (const text of ["017 482 91\u17ea", "017 482 91½", "+17482913", "017:482:913"]) expect(readCode(text)).toHaveProperty("character");
  });

  it("tells to stay, to go or to stand down; 998 tells nothing", () => {
    expect([0, 1, 997, 998, 999].map(instructionOf)).toEqual([
      { do: "stay" }, { do: "go", post: 1 }, { do: "go", post: 997 }, null, { do: "stand-down" },
    ]);
  });
});

describe("a listener", () => {
  const slot = { day: "2017-01-01", hour: 7 };
  const fresh: Memory = { heard: NOTHING_HEARD, wrong: [] };

  it("takes one order an hour, and that one again alike", async () => {
    const own = await table(0);
    const right = await own.code(slot, 17);
    const first = await hear(own, fresh, slot, right, 0);
    expect(first).toEqual({ answer: "taken", heard: { code: right, number: 17 }, wrong: [] });
    expect(await hear(own, first, slot, right, 0)).toEqual(first);
    expect((await hear(own, first, slot, await own.code(slot, 18), 0)).answer).toBe("decided");
  });

  it("hears nothing more of an hour after two wrong codes, the right one neither", async () => {
    const own = await table(0);
    const right = await own.code(slot, 17);
    let memory: Memory = fresh;
    const answers: string[] = [];
    for (const [code, nowMs] of [[right + 1, 1], [await own.code({ ...slot, hour: 8 }, 17), 2], [right, 3], [right, 9 * LOCK_MS]] as const) {
      const next = await hear(own, memory, slot, code, nowMs);
      memory = next;
      answers.push(next.answer);
    }
    expect(answers).toEqual(["wrong", "wrong", "locked", "locked"]);
  });

  it("has two tries within an hour, however many hours they are for", async () => {
    const own = await table(0);
    const right = await own.code(slot, 17);
    let wrong: number[] = [];
    const answers: string[] = [];
    for (const [hour, nowMs] of [[7, 1], [8, 2], [9, 3], [10, LOCK_MS], [11, LOCK_MS + 1]] as const) {
      const next = await hear(own, { heard: NOTHING_HEARD, wrong }, { ...slot, hour }, right + 1, nowMs);
      wrong = next.wrong;
      answers.push(next.answer);
    }
    expect(answers).toEqual(["wrong", "wrong", "deaf", "deaf", "wrong"]);
    expect([deafUntil([1, 2], 2), deafUntil([1, 2], -9), deafUntil([1, 2], LOCK_MS + 1), deafUntil([1], 2)]).toEqual([LOCK_MS + 1, LOCK_MS + 1, null, null]);
  });

  it("with a new table takes no code of the lost one", async () => {
    const [lost, own] = [await table(0), await table(1)];
    expect((await hear(own, fresh, slot, await lost.code(slot, 17), 0)).answer).toBe("wrong");
    expect((await hear(own, fresh, slot, await own.code(slot, 17), 0)).answer).toBe("taken");
  });
});
