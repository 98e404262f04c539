import { createApp } from "vue";
import Video from "./Video.vue";

// vite.config.js tells the compiler that siedd-player is a custom element.
createApp(Video, { src: "/videos/video" }).mount("#app");
