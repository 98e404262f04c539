import { useEffect, useRef, useState } from "react";
import { createRoot } from "react-dom/client";
// Registers <siedd-player>; it bundles hls.js, which no page has to load itself.
import "siedd/player/define";

/** React sets attributes of custom elements by itself; events that are not its own are listened to by hand. */
export function Video({ src, ...rest }) {
  const player = useRef(null);
  const [shown, setShown] = useState("");

  useEffect(() => {
    const element = player.current;
    const tell = () => setShown(`${element.videoWidth} × ${element.videoHeight}`);
    element.addEventListener("resize", tell);
    return () => element.removeEventListener("resize", tell);
  }, []);

  return (
    <figure>
      <siedd-player ref={player} src={src} {...rest} />
      <figcaption>
        On screen: <output>{shown}</output>
        <button type="button" onClick={() => player.current.play()}>
          Play
        </button>
      </figcaption>
    </figure>
  );
}

createRoot(document.getElementById("app")).render(
  <Video src="/videos/video" muted style={{ width: "640px" }} />,
);
