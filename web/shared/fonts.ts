// Khmer and Lao letters come with the page: a machine at a border may have none.
import "@fontsource/noto-sans-khmer/khmer-400.css";
import "@fontsource/noto-sans-khmer/khmer-700.css";
import "@fontsource/noto-sans-lao/lao-400.css";
import "@fontsource/noto-sans-lao/lao-700.css";

const LETTERS: Record<string, string> = { km: "\u1780", lo: "\u0e81" };

/** Waits for the letters of a language: text that is laid out before them may keep empty boxes. */
export async function lettersOf(language: string): Promise<void> {
  const letters = LETTERS[language];
  if (letters === undefined) return;
  const weights = ["400", "700"].map((weight) => document.fonts.load(`${weight} 1em "Noto Sans Khmer", "Noto Sans Lao"`, letters));
  // Without them the machine's own have to do.
  await Promise.allSettled(weights);
}
