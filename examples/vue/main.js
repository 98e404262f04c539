import { createApp } from "vue";
import Film from "./Film.vue";

// With Vite: vue({ template: { compilerOptions: { isCustomElement: (tag) => tag === "siedd-player" } } })
createApp(Film, { src: "/films/film" }).mount("#app");
