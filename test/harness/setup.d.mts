export declare const toolsAvailable: boolean;
export interface Tools { folder: string; node: string; server: string; browser: string; browserEnvironment: Record<string, string> }
export declare function prepareTools(log?: (line: string) => void): Promise<Tools>;
