import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { firstParts, firstScreens, leanKatex, precompress, themeScript } from "./tools/plugins.mjs";

const server = process.env.BASTIDE_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react(), leanKatex(), themeScript(), precompress()],
  resolve: { alias: { "@": new URL("./src", import.meta.url).pathname } },
  build: {
    target: ["chrome123", "firefox120", "safari17.5"],
    manifest: true,
    // A data: address would need a hole in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // Two files come with the first screen, one that changes with us and one that rarely does; not forty.
    rolldownOptions: { output: { codeSplitting: { groups: [
            { name: "parts", test: firstParts, priority: 2 },
            { name: "app", test: firstScreens, priority: 1 },
          ] } } },
  },
  server: { proxy: { "/api": server }, fs: { allow: [".."] } },
  test: {
    environment: "happy-dom",
    isolate: false,
    dir: new URL("../tests/web/unit", import.meta.url).pathname,
    include: ["**/*.test.{ts,tsx}"],
  },
});
