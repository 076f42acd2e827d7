import { mount } from "svelte";
import "../shared/tokens.css";
import { lettersOf } from "../shared/fonts";
import { language } from "../shared/i18n.svelte";
import { theme } from "../shared/theme.svelte";
import App from "./App.svelte";

document.documentElement.lang = language;
theme.apply();
await lettersOf(language);
mount(App, { target: document.getElementById("app") ?? document.body });
