/** Returns the HTML in which the script of a page shows the load of the server. */
export const serverLoadSection = (isOpen: boolean): string => `<details id="server"${isOpen ? " open" : ""}>
  <summary>Server load</summary>
  <div class="figures">
    <p><output id="rate">0</output><span>million pixels per second</span></p>
    <p><output id="cache-hits">–</output><span>of segments served from a cache</span></p>
    <p><output id="queue">0</output><span id="queue-unit">running</span></p>
  </div>
  <div id="chart" role="img" aria-label="Million pixels decoded per second, and the cache hit rate, over the last two minutes"></div>
  <ul id="caches" aria-label="Caches"></ul>
</details>`;
