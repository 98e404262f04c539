import { createApp } from "vue";
import Film from "./Film.vue";

// vite.config.js tells the compiler that siedd-player is a custom element.
createApp(Film, { src: "/films/film" }).mount("#app");
