import { mount } from "svelte";
import "../shared/tokens.css";
import "../shared/fonts";
import { language } from "../shared/i18n.svelte";
import { theme } from "../shared/theme.svelte";
import App from "./App.svelte";

document.documentElement.lang = language;
theme.apply();
mount(App, { target: document.getElementById("app") ?? document.body });
