import { useEffect, useRef, useState } from "react";
import { createRoot } from "react-dom/client";
// Registers <siedd-player>. hls.js is part of the bundle.
import "siedd/player/define";

/** Renders a player. React sets the attributes of custom elements. Media events such as `resize` need a listener. */
export function Video({ src, ...rest }) {
  const player = useRef(null);
  const [size, setSize] = useState("");

  useEffect(() => {
    const element = player.current;
    const showSize = () => setSize(`${element.videoWidth} × ${element.videoHeight}`);
    element.addEventListener("resize", showSize);
    return () => element.removeEventListener("resize", showSize);
  }, []);

  return (
    <figure>
      <siedd-player ref={player} src={src} {...rest} />
      <figcaption>
        Decoded size: <output>{size}</output>
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
