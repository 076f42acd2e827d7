import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fromHex, toHex, sha256 } from "../shared/receipt";
import { canonical, type Json } from "../shared/canonical";
import { NO_PREVIOUS, opens, placeAfter, sign, timeText } from "./entry";

interface Golden {
  seed: string;
  device: string;
  entries: { time: string; kind: string; body: Json; bytes: string }[];
}

const golden = JSON.parse(
  readFileSync(new URL("../../crates/log/tests/it/golden/entries.json", import.meta.url), "utf8"),
) as Golden;

/** PKCS #8 of an Ed25519 seed, RFC 8410. */
function privateKey(seed: string): Promise<CryptoKey> {
  const bytes = fromHex(`302e020100300506032b657004220420${seed}`);
  return crypto.subtle.importKey("pkcs8", bytes as BufferSource, "Ed25519", false, ["sign"]);
}

describe("entries", () => {
  it("are signed byte for byte as the centre's own implementation signs them", async () => {
    const key = await privateKey(golden.seed);
    let place = { sequence: 0, previous: NO_PREVIOUS };
    for (const { time, kind, body, bytes } of golden.entries) {
      const draft = { campaign: "northeast-2017", device: golden.device, ...place, timeMs: Date.parse(time), kind, body };
      expect(await sign(draft, key)).toBe(bytes);
      place = await placeAfter(place.sequence, bytes);
    }
    expect(place.sequence).toBe(3);
  });

  it("hold whole numbers only", () => {
    expect(() => canonical({ a: 0.5 })).toThrow("whole");
    expect(() => canonical({ a: 2 ** 53 })).toThrow("whole");
    expect(canonical({ b: [2, "x"], a: null })).toBe('{"a":null,"b":[2,"x"]}');
  });

  it("state whole seconds in UTC", () => {
    expect(timeText(Date.parse("2017-01-01T00:00:59.999Z"))).toBe("2017-01-01T00:00:59Z");
  });
});

describe("an opening", () => {
  it("opens the commitment it was made for and no other", async () => {
    const opening = canonical({ salt: "07".repeat(32), unit: "u", order: { do: "stay" } });
    const tag = new TextEncoder().encode("sekong/order/v1");
    const parts = [new Uint8Array([0, 0, 0, 0, 0, 0, 0, tag.length]), tag, new Uint8Array(32).fill(7)];
    const commitment = toHex(await sha256(...parts, new TextEncoder().encode(opening)));
    expect(await opens(commitment, opening)).toBe(true);
    expect(await opens(commitment, opening.replace("stay", "stand-down"))).toBe(false);
    expect(await opens(commitment, canonical({ unit: "u" }))).toBe(false);
  });
});
