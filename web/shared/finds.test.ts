import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CATALOGUE, DRUGS, drugName, ordered, TRANSPORTS, transportName, vehiclesIn, type Find } from "./finds";
import { untranslated } from "./i18n.svelte";

describe("finds", () => {
  it("are of the kinds that the centre takes, in its order", () => {
    const api = JSON.parse(readFileSync(new URL("../../crates/centre/openapi.json", import.meta.url), "utf8"));
    const { transport, drug } = api.components.schemas.FindView.properties;
    expect([transport.enum, drug.enum]).toEqual([TRANSPORTS, DRUGS]);
  });

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
