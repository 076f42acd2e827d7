import { describe, expect, it } from "vitest";
import { CATALOGUE, DRUGS, drugName, ordered, TRANSPORTS, transportName, vehiclesIn, type Find } from "./finds";
import { untranslated } from "./i18n.svelte";

describe("finds", () => {
  it("are told once a pair, in the order of the lists", () => {
    const told: Find[] = [
      { transport: "boat", drug: "opioids", vehicles: 1 },
      { transport: "car", drug: "other", vehicles: 2 },
      { transport: "car", drug: "cannabis", vehicles: 0 },
      { transport: "boat", drug: "opioids", vehicles: 3 },
    ];
    expect(ordered(told)).toEqual([
      { transport: "car", drug: "other", vehicles: 2 },
      { transport: "boat", drug: "opioids", vehicles: 4 },
    ]);
    expect(vehiclesIn(told)).toBe(6);
  });

  it("have a word for every kind in every language", () => {
    for (const name of [...TRANSPORTS, "untold"].map(transportName)) expect(name).not.toContain("undefined");
    for (const name of [...DRUGS, "untold"].map(drugName)) expect(name).not.toContain("undefined");
    expect([...untranslated(CATALOGUE, "km"), ...untranslated(CATALOGUE, "lo")]).toEqual([]);
  });
});
