import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

/** A clip of the corpus, and the part of it that is encoded. */
export interface Clip {
  readonly name: string;
  readonly path: string;
  /** Size to encode at, WxH in pixels. */
  readonly size: string;
  /** End of the encoded part, seconds. */
  readonly seconds: number;
}

interface CorpusEntry extends Omit<Clip, "name" | "path"> {
  /** Path below the folder of test clips, or below the root folder of Debian packages. */
  readonly file: string;
  /** Debian 12 package that the clip is in; undefined for the test clips. */
  readonly package?: string;
  /** Size and length with `--quick`; undefined leaves the clip out. */
  readonly quick?: Omit<Clip, "name" | "path">;
}

const EXAMPLES = "usr/share/doc/opencv-doc/examples/data";

/** The three test clips, and the ten real clips of the table "Diverse material" in docs/benchmarks.md. */
const CORPUS: Readonly<Record<string, CorpusEntry>> = {
  bunny: {
    file: "bunny.mp4",
    size: "640x360",
    seconds: 6,
    quick: { size: "320x180", seconds: 4 },
  },
  bikes: {
    file: "bikes.mp4",
    size: "640x272",
    seconds: 10,
    quick: { size: "320x136", seconds: 4 },
  },
  carphone: { file: "carphone.mp4", size: "193x144", seconds: 6 },
  movie: {
    package: "kphotoalbum",
    file: "usr/share/kphotoalbum/demo/movie.avi",
    size: "160x120",
    seconds: 6,
  },
  motion: {
    package: "node-opencv",
    file: "usr/share/doc/node-opencv/examples/files/motion.mov",
    size: "568x320",
    seconds: 2,
  },
  city: {
    package: "python-kivy-examples",
    file: "usr/share/kivy-examples/widgets/cityCC0.mpg",
    size: "480x270",
    seconds: 2,
  },
  launch: {
    package: "renpy-demo",
    file: "usr/share/games/renpy/demo/game/oa4_launch.webm",
    size: "480x270",
    seconds: 3,
  },
  cockatoo: {
    package: "python3-imageio",
    file: "usr/lib/python3/dist-packages/imageio/resources/images/cockatoo.mp4",
    size: "480x270",
    seconds: 3,
    quick: { size: "320x180", seconds: 3 },
  },
  birds: {
    package: "wordpress-theme-twentytwentytwo",
    file: "usr/share/wordpress/wp-content/themes/twentytwentytwo/assets/videos/birds.mp4",
    size: "480x270",
    seconds: 2,
  },
  diver: {
    package: "pd-extendedview",
    file: "usr/share/doc/pd-extendedview/media/diver.mov",
    size: "480x360",
    seconds: 2,
  },
  "grand-prix": {
    package: "python-nbsphinx-doc",
    file: "usr/share/doc/python-nbsphinx/html/www/wikimediacommons/Shepard_Calais_1906_FrenchGP.ogv.160p.ogv",
    size: "214x160",
    seconds: 3,
  },
  tree: { package: "opencv-doc", file: `${EXAMPLES}/tree.avi`, size: "320x240", seconds: 3 },
  vtest: {
    package: "opencv-doc",
    file: `${EXAMPLES}/vtest.avi`,
    size: "640x480",
    seconds: 4,
    quick: { size: "320x240", seconds: 8 },
  },
};

const MEDIA = process.env.SIEDD_MEDIA ?? resolve(import.meta.dirname, "../../../../shared/media");

/** Which clips to find, and where. */
export interface CorpusOptions {
  /** Selects the short, small versions of four clips. */
  readonly quick: boolean;
  /** Names of clips; default all. */
  readonly names?: readonly string[];
  /** Folder that the Debian packages are unpacked in; "/" for installed ones. */
  readonly packages: string;
}

/**
 * Finds the clips of the corpus.
 * @returns the clips, and the reason for each clip that is skipped
 * @throws RangeError for a name that is not in the corpus
 */
export function findClips({ quick, names, packages }: CorpusOptions): { clips: Clip[]; skipped: string[] } {
  const unknown = names?.find((name) => CORPUS[name] === undefined);
  if (unknown !== undefined)
    throw new RangeError(`no clip "${unknown}"; use ${Object.keys(CORPUS).join(", ")}`);
  const clips: Clip[] = [];
  const skipped: string[] = [];
  for (const [name, entry] of Object.entries(CORPUS)) {
    const isSelected = names?.includes(name) ?? (!quick || entry.quick !== undefined);
    if (!isSelected) continue;
    const path = join(entry.package === undefined ? MEDIA : packages, entry.file);
    const { size, seconds } = (quick && entry.quick) || entry;
    if (existsSync(path)) clips.push({ name, path, size, seconds });
    else skipped.push(`${name}: ${path} is missing${entry.package ? ` (package ${entry.package})` : ""}`);
  }
  return { clips, skipped };
}
