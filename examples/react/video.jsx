import { useRef, useState } from "react";
import { createRoot } from "react-dom/client";
// Registers <siedd-player>, too. hls.js is part of the bundle.
import { SieddPlayer } from "siedd/react";

/** Renders a player with the size that it decodes at. `ref` is the element, with the methods of a video element. */
export function Video(props) {
  const player = useRef(null);
  const [size, setSize] = useState("");
  const showSize = () => setSize(`${player.current.videoWidth} × ${player.current.videoHeight}`);

  return (
    <figure>
      <SieddPlayer ref={player} onResize={showSize} {...props} />
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
