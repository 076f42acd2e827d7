import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [svelte()],
  test: { include: ["{shared,board,field,receipt}/**/*.test.ts"], environment: "node" },
});
