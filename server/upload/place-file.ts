import { randomUUID } from "node:crypto";
import { constants, copyFile, link, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { RequestError } from "../errors.js";
import { isVideoName } from "../library/folder-listing.js";
import { normalizeId } from "../library/library.js";
import { numberedName } from "./upload-name.js";

/** Where a file goes. */
export interface Destination {
  /** The folder of the library. */
  readonly root: string;
  /** Folders below it, which are created if they do not exist. */
  readonly folders: readonly string[];
  /** Preferred file name. */
  readonly name: string;
  /** Returns whether a new video may have this id. */
  readonly isFreeId: (id: string) => Promise<boolean>;
}

/** Numbers that are tried. */
const MAX_ATTEMPTS = 10_000;

/**
 * Moves a file into a folder of the library in one step, so that no part of it is ever visible. Never overwrites a file,
 * and never changes the id of another video: a name that is taken, whatever its extension, gets a number.
 *
 * @returns the id of the video
 */
export async function placeFile(path: string, destination: Destination): Promise<string> {
  const { folders, name, isFreeId } = destination;
  const folder = await makeFolders(destination);
  const taken = new Set((await readdir(folder)).filter(isVideoName).map(comparableStem));
  for (let number = 1; number < MAX_ATTEMPTS; number++) {
    const candidate = numberedName(name, number);
    const id = [...folders, stemOf(candidate)].map(normalizeId).join("/");
    if (taken.has(comparableStem(candidate)) || !(await isFreeId(id))) continue;
    if (await moveToFreeName(path, folder, candidate)) return id;
  }
  throw new Error(`no free name for ${name}`);
}

const stemOf = (name: string): string => name.slice(0, name.length - extname(name).length);

/** Names that differ only in case are the same on some file systems. */
const comparableStem = (name: string): string => normalizeId(stemOf(name)).toLowerCase();

/** Returns the path of the folder. Its names may be stored in another Unicode normalization form. */
async function makeFolders({ root, folders }: Destination): Promise<string> {
  let path = root;
  for (const name of folders) {
    const stored = (await readdir(path)).find((other) => normalizeId(other) === name);
    path = join(path, stored ?? name);
    if (stored === undefined) await mkdir(path);
    else if (!(await stat(path)).isDirectory()) {
      throw new RequestError("bad-upload", `${JSON.stringify(name)} is a file; choose another folder`);
    }
  }
  return path;
}

/** Returns false if a file has taken the name. */
async function moveToFreeName(path: string, folder: string, name: string): Promise<boolean> {
  const target = join(folder, name);
  try {
    // Unlike `rename`, it fails if the target exists.
    await link(path, target);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    if (code === "EXDEV") return moveAcrossDevices(path, folder, name);
    // Some file systems have no hard links.
    if (await stat(target).catch(() => undefined)) return false;
    await rename(path, target);
    return true;
  }
  await rm(path);
  return true;
}

/** Copies to a hidden file of the same folder first. */
async function moveAcrossDevices(path: string, folder: string, name: string): Promise<boolean> {
  const copy = join(folder, `.${randomUUID()}.part`);
  try {
    await copyFile(path, copy, constants.COPYFILE_EXCL);
    const isMoved = await moveToFreeName(copy, folder, name);
    if (isMoved) await rm(path);
    return isMoved;
  } finally {
    await rm(copy, { force: true });
  }
}
