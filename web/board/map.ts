// The map: the campaign's own geography and its posts, drawn without a tile or a letter from elsewhere.
import { AttributionControl, LngLatBounds, Map as MapLibre, Marker, NavigationControl, setWorkerUrl } from "maplibre-gl";
import type { Feature, FeatureCollection } from "geojson";
import "maplibre-gl/dist/maplibre-gl.css";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import { nameOf } from "../shared/i18n.svelte";
import type { CampaignView, PostView } from "../shared/types";
import { GLYPHS, type CellState } from "./cells";

setWorkerUrl(workerUrl);

const TOWNS = new Set(["provincial_town", "provincial_town_other", "town_la"]);

type Geography = FeatureCollection & { attribution: string[] };

/** What a post's marker shows. */
export interface Shown {
  state: CellState;
  label: string;
  selected: boolean;
}

export interface PostMap {
  show(of: (post: PostView) => Shown): void;
  end(): void;
}

/** Draws into `box`; `choose` is told which post was clicked. Throws where there is no WebGL. */
export function draw(
  box: HTMLElement,
  campaign: CampaignView,
  geography: Geography,
  note: string,
  choose: (post: string) => void,
): PostMap {
  const map = new MapLibre({
    container: box,
    style: { version: 8, sources: {}, layers: [{ id: "ground", type: "background", paint: { "background-color": colour("--ground") } }] },
    bounds: boundsOf(campaign.posts),
    fitBoundsOptions: { padding: 36 },
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    keyboard: false,
  });
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new AttributionControl({ compact: true, customAttribution: [note, ...geography.attribution].map(escaped).join(" · ") }));
  map.on("load", () => addLayers(map, geography));
  // Folded at first, so that it does not hide the map; one touch opens it.
  map.once("idle", () => box.querySelector(".maplibregl-ctrl-attrib")?.classList.remove("maplibregl-compact-show"));
  const towns = geography.features.filter((feature) => TOWNS.has(String(feature.properties?.["kind"])));
  for (const town of towns) label(map, town);
  const buttons = campaign.posts.map((post) => {
    const button = marker(post, choose);
    new Marker({ element: button }).setLngLat([post.lon, post.lat]).addTo(map);
    return { post, button };
  });
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const repaint = () => recolour(map);
  dark.addEventListener("change", repaint);
  const themed = new MutationObserver(repaint);
  themed.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  return {
    show: (of) => buttons.forEach(({ post, button }) => paint(button, of(post))),
    end: () => {
      dark.removeEventListener("change", repaint);
      themed.disconnect();
      map.remove();
    },
  };
}

function boundsOf(posts: PostView[]): LngLatBounds {
  return posts.reduce((bounds, post) => bounds.extend([post.lon, post.lat]), new LngLatBounds());
}

/** Names are HTML, so that the browser shapes Khmer and Lao letters. */
function label(map: MapLibre, town: Feature): void {
  if (town.geometry.type !== "Point") return;
  const [lon = 0, lat = 0] = town.geometry.coordinates;
  const name = document.createElement("span");
  name.className = "town";
  name.textContent = nameOf({ name_en: String(town.properties?.["name_en"]), name_km: town.properties?.["name_km"] as string | null });
  new Marker({ element: name, anchor: "top" }).setLngLat([lon, lat]).addTo(map);
}

function marker(post: PostView, choose: (post: string) => void): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "post-marker";
  button.dataset["post"] = post.id;
  button.classList.toggle("hollow", post.hollow);
  // The grid is the way for the keyboard; twenty more stops would only be in its way.
  button.tabIndex = -1;
  button.addEventListener("click", () => choose(post.id));
  return button;
}

function paint(button: HTMLButtonElement, { state, label, selected }: Shown): void {
  button.dataset["state"] = state;
  button.textContent = GLYPHS[state];
  button.title = label;
  button.setAttribute("aria-label", label);
  button.classList.toggle("selected", selected);
}

const FILTERS = (layer: string) => ["==", ["get", "layer"], layer] as ["==", ["get", string], string];

function addLayers(map: MapLibre, geography: Geography): void {
  map.addSource("campaign", { type: "geojson", data: geography });
  map.addLayer({ id: "provinces", type: "fill", source: "campaign", filter: FILTERS("provinces"), paint: {} });
  map.addLayer({ id: "outlines", type: "line", source: "campaign", filter: FILTERS("provinces"), paint: { "line-width": 0.7 } });
  map.addLayer({ id: "rivers", type: "line", source: "campaign", filter: FILTERS("rivers"), paint: { "line-width": 1.6 } });
  map.addLayer({ id: "roads", type: "line", source: "campaign", filter: FILTERS("roads"), paint: { "line-width": 1 } });
  map.addLayer({ id: "border", type: "line", source: "campaign", filter: FILTERS("border"), paint: { "line-width": 2, "line-dasharray": [3, 2] } });
  recolour(map);
}

function recolour(map: MapLibre): void {
  map.setPaintProperty("ground", "background-color", colour("--ground"));
  if (!map.getLayer("border")) return;
  map.setPaintProperty("provinces", "fill-color", ["case", ["==", ["get", "role"], "aoi"], colour("--sheet"), colour("--raised")]);
  map.setPaintProperty("outlines", "line-color", colour("--line"));
  map.setPaintProperty("rivers", "line-color", colour("--due"));
  map.setPaintProperty("rivers", "line-opacity", 0.45);
  map.setPaintProperty("roads", "line-color", colour("--soft"));
  map.setPaintProperty("roads", "line-opacity", 0.6);
  map.setPaintProperty("border", "line-color", colour("--missed"));
}

/** The value of a token now, as a colour that WebGL styles understand. */
function colour(token: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${token})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c] ?? c);
}
