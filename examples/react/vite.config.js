import { defineConfig } from "vite";

export default defineConfig({
  // The page and the videos have one origin, as they have behind a web server.
  server: { proxy: { "/videos": "http://127.0.0.1:8080" } },
});
