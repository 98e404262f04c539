/**
 * The part of the WebAssembly API that the training kernel uses. The types of Node.js do not declare it, and the encoder
 * does not include the DOM library, which does.
 */
declare global {
  namespace WebAssembly {
    class Module {
      private readonly compiled: true;
    }
    class Memory {
      constructor(pages: { initial: number; maximum: number });
      readonly buffer: ArrayBuffer;
      grow(pages: number): number;
    }
    function validate(bytes: Uint8Array): boolean;
    function compile(bytes: Uint8Array): Promise<Module>;
    function instantiate(
      module: Module,
      imports: { env: { memory: Memory } },
    ): Promise<{ readonly exports: Record<string, unknown> }>;
  }
}

export {};
