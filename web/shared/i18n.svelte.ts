// Messages in three languages. One that is missing is shown in English, and in development marked as such.
export const LANGUAGES = { en: "English", km: "ខ្មែរ", lo: "ລາວ" } as const;
export type Language = keyof typeof LANGUAGES;

/** English is whole; the others may lack a message. */
export interface Catalogue<Key extends string> {
  en: Record<Key, string>;
  km: Partial<Record<Key, string>>;
  lo: Partial<Record<Key, string>>;
}

/** The language of this page: `?lang=`, else the cookie that the centre set for it, else English. */
export function chosenLanguage(search: string, cookies: string): Language {
  const asked = new URLSearchParams(search).get("lang") ?? /(?:^|; )sekong_lang=(\w+)/.exec(cookies)?.[1];
  return asked !== undefined && Object.hasOwn(LANGUAGES, asked) ? (asked as Language) : "en";
}

export const language: Language =
  typeof document === "undefined" ? "en" : chosenLanguage(location.search, document.cookie);

/** A message with its `{places}` filled. */
export type Say<Key extends string> = (key: Key, places?: Record<string, string | number>) => string;

/** The messages of a page in one language. */
export function speaker<Key extends string>(
  catalogue: Catalogue<Key>,
  into: Language = language,
  marks: boolean = import.meta.env.DEV,
): Say<Key> {
  return (key, places = {}) => {
    const found = catalogue[into][key];
    const text = found ?? catalogue.en[key];
    const filled = text.replace(/\{(\w+)\}/g, (whole, name: string) => String(places[name] ?? whole));
    return found === undefined && marks ? `⟦${filled}⟧` : filled;
  };
}

/** The name of a post or province in the page's language, as far as it has one. */
export function nameOf(
  thing: { name_en: string; name_km?: string | null; name_lo?: string | null },
  into: Language = language,
): string {
  if (into === "km") return thing.name_km ?? thing.name_en;
  if (into === "lo") return thing.name_lo ?? thing.name_en;
  return thing.name_en;
}

/** A day with its weekday where the browser knows the language's words, else as 2017-01-08. */
export function longDay(local: Date, into: Language = language): string {
  if (Intl.DateTimeFormat.supportedLocalesOf(into).length === 0) return local.toISOString().slice(0, 10);
  const parts = { weekday: "short", day: "numeric", month: "short", year: "numeric" } as const;
  return new Intl.DateTimeFormat(into === "en" ? "en-GB" : into, { timeZone: "UTC", ...parts }).format(local);
}

/** Keys that a language lacks. */
export function untranslated<Key extends string>(catalogue: Catalogue<Key>, into: Language): Key[] {
  return (Object.keys(catalogue.en) as Key[]).filter((key) => catalogue[into][key] === undefined);
}
