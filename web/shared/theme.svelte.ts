// Light or dark: as the system says, until somebody chooses.
const KEY = "sekong-theme";
type Choice = "system" | "light" | "dark";

class Theme {
  choice = $state<Choice>(stored());

  apply(): void {
    if (this.choice === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = this.choice;
  }

  next(): void {
    const dark = this.choice === "dark" || (this.choice === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
    this.choice = dark ? "light" : "dark";
    localStorage.setItem(KEY, this.choice);
    this.apply();
  }
}

function stored(): Choice {
  const kept = typeof localStorage === "undefined" ? null : localStorage.getItem(KEY);
  return kept === "light" || kept === "dark" ? kept : "system";
}

export const theme = new Theme();
