import { createApp } from "vue";
import Video from "./Video.vue";

// The custom element siedd-player is declared in vite.config.js.
createApp(Video, { src: "/videos/video" }).mount("#app");
