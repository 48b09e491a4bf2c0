/** What is used of @cornerstonejs/codec-openjpeg, which brings no types. */
declare module '@cornerstonejs/codec-openjpeg/decodewasmjs' {
  interface J2KDecoder {
    /** Memory for the file's bytes. */
    getEncodedBuffer(length: number): Uint8Array;
    decodeSubResolution(level: number, layer: number): void;
    /** A copy; empty when decoding failed. */
    getDecodedBuffer(): Uint8ClampedArray;
    getFrameInfo(): { width: number; height: number; bitsPerSample: number; isSigned: boolean; componentCount: number };
  }
  export default function openJpeg(options: { print(text: string): void; printErr(text: string): void }): Promise<{ J2KDecoder: new () => J2KDecoder }>;
}
