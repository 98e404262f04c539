/** The part of the library page that uploads videos; it is shown when its script is loaded. */
export const UPLOAD_SECTION = `<section id="upload" aria-label="Upload" hidden>
<link rel="stylesheet" href="player/upload.css">
<label class="drop"><input type="file" multiple accept="video/*,.mkv,.ts,.mts,.m2ts,.mxf,.vob,.y4m,.gif,.siedd">Drop videos anywhere on this page, or <u>choose files</u>.</label>
<ul aria-label="Uploads"></ul>
</section>`;
