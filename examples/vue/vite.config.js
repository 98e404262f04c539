import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

const isCustomElement = (tag) => tag === "siedd-player";

export default defineConfig({
  plugins: [vue({ template: { compilerOptions: { isCustomElement } } })],
  // Serves page and videos from one origin, as a reverse proxy does in production.
  server: { proxy: { "/videos": "http://127.0.0.1:8080" } },
});
