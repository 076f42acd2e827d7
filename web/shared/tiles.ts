// A published log's Merkle tree as its static files tell it (C2SP tlog-tiles): hashes, inclusion and consistency proofs.
import { sha256, toHex } from "./receipt";

/** Reads a file below /log/; `null` where there is none. */
export type ReadFile = (path: string) => Promise<Uint8Array | null>;

const [WIDTH, HASH_BYTES, HEIGHT] = [256, 32, 8];

/** `tile/0/x001/x234/067.p/8`. */
export function tilePath(level: number, index: number, width: number): string {
  const groups = [String(index % 1_000).padStart(3, "0")];
  for (let rest = Math.floor(index / 1_000); rest > 0; rest = Math.floor(rest / 1_000)) {
    groups.unshift(`x${String(rest % 1_000).padStart(3, "0")}`);
  }
  return `tile/${level}/${groups.join("/")}${width === WIDTH ? "" : `.p/${width}`}`;
}

export class MissingTile extends Error {}

/** The tree of the first `size` entries. */
export class Tiles {
  readonly #tiles = new Map<string, Promise<Uint8Array>>();

  constructor(private readonly read: ReadFile, readonly size: number) {}

  /** Hash of the entry at `index`. */
  leaf(index: number): Promise<Uint8Array> {
    return this.#node(0, index);
  }

  /** RFC 6962 section 2.1.1: nearest hash first. */
  async inclusionProof(index: number): Promise<Uint8Array[]> {
    let [start, end] = [0, this.size];
    const proof: Uint8Array[] = [];
    while (end - start > 1) {
      const middle = start + leftSize(end - start);
      proof.unshift(await (index < middle ? this.#root(middle, end) : this.#root(start, middle)));
      [start, end] = index < middle ? [start, middle] : [middle, end];
    }
    return proof;
  }

  /** RFC 6962 section 2.1.2, from a tree of `old` entries, at least one. */
  async consistencyProof(old: number): Promise<Uint8Array[]> {
    let [start, end] = [0, this.size];
    const proof: Uint8Array[] = [];
    while (old !== end) {
      const middle = start + leftSize(end - start);
      proof.unshift(await (old <= middle ? this.#root(middle, end) : this.#root(start, middle)));
      [start, end] = old <= middle ? [start, middle] : [middle, end];
    }
    if (start !== 0) proof.unshift(await this.#root(start, end));
    return proof;
  }

  /** Root of entries `start..end`, where `start` fits the largest complete subtree. */
  async #root(start: number, end: number): Promise<Uint8Array> {
    const span = end - start;
    const level = Math.floor(Math.log2(span));
    const whole = 2 ** level;
    const left = await this.#node(level, start / whole);
    return whole === span ? left : node(left, await this.#root(start + whole, end));
  }

  /** Root of the complete subtree of 2^level entries. */
  async #node(level: number, index: number): Promise<Uint8Array> {
    const tileLevel = Math.floor(level / HEIGHT);
    const count = 2 ** (level % HEIGHT);
    const first = index * count;
    const tile = await this.#tile(tileLevel, Math.floor(first / WIDTH));
    const at = (first % WIDTH) * HASH_BYTES;
    let row: Uint8Array[] = Array.from({ length: count }, (_, i) => tile.slice(at + i * HASH_BYTES, at + (i + 1) * HASH_BYTES));
    while (row.length > 1) row = await Promise.all(pairs(row).map(([left, right]) => node(left, right)));
    return row[0] ?? new Uint8Array();
  }

  #tile(level: number, index: number): Promise<Uint8Array> {
    const hashes = Math.floor(this.size / WIDTH ** level);
    const width = Math.min(hashes - index * WIDTH, WIDTH);
    const path = tilePath(level, index, width);
    const known = this.#tiles.get(path) ?? this.#fetch(path, tilePath(level, index, WIDTH), width * HASH_BYTES);
    this.#tiles.set(path, known);
    return known;
  }

  /** A partial tile may be gone once the full one is there. */
  async #fetch(path: string, full: string, bytes: number): Promise<Uint8Array> {
    const found = (await this.read(path)) ?? (path === full ? null : await this.read(full));
    if (found === null || found.length < bytes) throw new MissingTile(path);
    return found.slice(0, bytes);
  }
}

/** RFC 9162 section 2.1.4.2: whether the tree of `size` entries with `root` extends that of `old` with `oldRoot`. */
export async function isConsistent(old: number, oldRoot: Uint8Array, size: number, root: Uint8Array, proof: Uint8Array[]): Promise<boolean> {
  if (old === size) return proof.length === 0 && toHex(oldRoot) === toHex(root);
  if (old < 1 || old > size) return false;
  const [first, ...rest] = Number.isInteger(Math.log2(old)) ? [oldRoot, ...proof] : proof;
  if (first === undefined) return false;
  let [at, last] = [old - 1, size - 1];
  while (at % 2 === 1) [at, last] = [half(at), half(last)];
  let [older, newer] = [first, first];
  for (const sibling of rest) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      [older, newer] = [await node(sibling, older), await node(sibling, newer)];
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else {
      newer = await node(newer, sibling);
    }
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && toHex(older) === toHex(oldRoot) && toHex(newer) === toHex(root);
}

const half = (n: number): number => Math.floor(n / 2);
const node = (left: Uint8Array, right: Uint8Array): Promise<Uint8Array> => sha256(Uint8Array.of(1), left, right);

/** Largest power of two below `count`, which is two or more. */
function leftSize(count: number): number {
  const power = 2 ** Math.floor(Math.log2(count));
  return power === count ? count / 2 : power;
}

function pairs<T>(row: T[]): [T, T][] {
  return row.flatMap((left, at) => (at % 2 === 0 ? [[left, row[at + 1] ?? left] as [T, T]] : []));
}
