import { defineConfig } from "vite";

export default defineConfig({
  // The page and the films have one origin, as they have behind a web server.
  server: { proxy: { "/films": "http://127.0.0.1:8080" } },
});
