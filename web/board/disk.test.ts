import { describe, expect, it } from "vitest";
import { alarmsOf } from "./disk";
import { catalogue } from "./messages";

describe("the centre's disk", () => {
  it("is no line on the board while nothing is wrong", () => {
    expect(alarmsOf(null)).toEqual([]);
    expect(alarmsOf({ scrubbed: "2017-01-01T20:30:09Z" })).toEqual([]);
  });

  it("is an alarm in every language for each thing that is wrong, that nothing is written first", () => {
    const alarms = alarmsOf({ scrubbed: null, unpublished: "no room", found: "2 things wrong", closed: "damaged" });
    expect(alarms.map(({ key, what }) => [key, what])).toEqual([
      ["diskClosed", "damaged"],
      ["diskFound", "2 things wrong"],
      ["diskUnpublished", "no room"],
    ]);
    for (const { key } of alarms) {
      for (const messages of [catalogue.en, catalogue.km, catalogue.lo]) expect(messages[key]).toContain("{what}");
    }
  });
});
