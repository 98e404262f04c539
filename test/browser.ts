export { launchBrowser, watchFaults } from "../bench/browser.js";
