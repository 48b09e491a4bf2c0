export declare function startDevServer(options?: { bundleFile?: string; port?: number }): Promise<{ url: string; close(): Promise<void> }>;
