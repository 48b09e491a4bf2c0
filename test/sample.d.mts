export declare function makeSample(folder: string, options?: { small?: boolean }): Promise<{ images: number; made: boolean }>;
