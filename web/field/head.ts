// The newest head of the log, as far as this phone can hear of it.
import { readHead, toHex } from "../shared/receipt";
import type { Seen } from "./report";

/** A report does not wait for it longer than this. */
const LIMIT_MS = 2_000;

/** `null` without a network: the report then quotes its order alone. */
export async function newestHead(): Promise<Seen | null> {
  try {
    const answer = await fetch("/log/checkpoint", { signal: AbortSignal.timeout(LIMIT_MS), cache: "no-store" });
    if (!answer.ok) return null;
    const { size, root } = readHead(await answer.text());
    return { size, root: toHex(root) };
  } catch {
    return null;
  }
}
