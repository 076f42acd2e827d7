import { defineConfig } from "vitest/config";

// These drive a real browser against the real server, so they run one after the other and take their time.
export default defineConfig({
  test: {
    include: ["tests/**/*.browser.ts"],
    environment: "node",
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 240_000,
  },
});
