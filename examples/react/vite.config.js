import { defineConfig } from "vite";

export default defineConfig({
  // Serves page and videos from one origin, as a reverse proxy does in production.
  server: { proxy: { "/videos": "http://127.0.0.1:8080" } },
});
