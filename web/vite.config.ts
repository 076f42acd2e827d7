import { svelte } from "@sveltejs/vite-plugin-svelte";
import { resolve } from "node:path";
import { defineConfig } from "vite";

// Three pages of one site: the centre serves /, /field, /receipt and /assets, and nothing comes from elsewhere.
export default defineConfig({
  root: __dirname,
  plugins: [svelte()],
  build: {
    target: "es2023",
    outDir: "dist",
    emptyOutDir: true,
    chunkSizeWarningLimit: 1_500,
    rollupOptions: {
      input: Object.fromEntries(["board", "field", "receipt"].map((page) => [page, resolve(__dirname, page, "index.html")])),
    },
  },
  worker: { format: "es" },
  server: { proxy: { "/api": "http://127.0.0.1:8080", "/events": "http://127.0.0.1:8080", "/demo": "http://127.0.0.1:8080", "/log": "http://127.0.0.1:8080", "/keys": "http://127.0.0.1:8080" } },
});
