/** The part of the package that the tests use. It has no types. */
declare module "m3u8-parser" {
  export class Parser {
    readonly manifest: {
      readonly segments: readonly { readonly uri: string; readonly duration: number }[];
      readonly playlists?: readonly { readonly uri: string }[];
    };
    on(event: "warn", listener: (event: { readonly message: string }) => void): void;
    push(text: string): void;
    end(): void;
  }
}
