// The canonical JSON of RFC 8785, for what entries hold: texts, whole numbers, lists and maps.
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

export function canonical(value: Json): string {
  if (typeof value === "number" && !Number.isSafeInteger(value)) throw new Error(`not a whole number: ${value}`);
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  // Sorting by UTF-16 code units is what RFC 8785 asks for and what sort() does.
  const fields = Object.keys(value).sort();
  return `{${fields.map((field) => `${JSON.stringify(field)}:${canonical(value[field] ?? null)}`).join(",")}}`;
}
