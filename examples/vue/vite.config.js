import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

const isCustomElement = (tag) => tag === "siedd-player";

export default defineConfig({
  plugins: [vue({ template: { compilerOptions: { isCustomElement } } })],
  // The page and the videos have one origin, as they have behind a web server.
  server: { proxy: { "/videos": "http://127.0.0.1:8080" } },
});
