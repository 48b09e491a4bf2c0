/** Whether the native libraries can run here; asked before they are loaded, because on a processor they were not built for they kill the process. */
import { readFileSync } from 'node:fs';
import type { ErrorInfo } from '../protocol';
import { messageOf } from '../errors';

/** Platforms for which LanceDB 0.31, ONNX Runtime 1.30 and sharp 0.35 all ship binaries. */
const supported: ReadonlySet<string> = new Set(['linux-x64', 'linux-arm64', 'win32-x64', 'win32-arm64', 'darwin-arm64']);
/** LanceDB's x64 binaries are built for Haswell and later. */
const neededFlags = ['avx2', 'fma'];

export interface Platform {
  platform: string;
  arch: string;
  /** Instruction sets of the processor as Linux names them; undefined where the system does not tell. */
  processorFlags: ReadonlySet<string> | undefined;
}

export function thisPlatform(): Platform {
  return { platform: process.platform, arch: process.arch, processorFlags: process.platform === 'linux' ? readProcessorFlags() : undefined };
}

/** Why the native libraries cannot run on this platform; undefined when nothing speaks against it. */
export function platformProblem({ platform, arch, processorFlags }: Platform): ErrorInfo | undefined {
  if (!supported.has(`${platform}-${arch}`)) {
    const system = ({ darwin: 'macOS', win32: 'Windows', linux: 'Linux' } as Record<string, string>)[platform] ?? platform;
    const processor = platform === 'darwin' && arch === 'x64' ? 'Intel processors' : arch;
    return { code: 'platformUnsupported', message: `There are no native libraries for ${system} on ${processor}, so pictures cannot be read here. File names are searched instead. They exist for Linux and Windows (x64, arm64) and for macOS on Apple silicon.` };
  }
  const missing = processorFlags && arch === 'x64' ? neededFlags.filter(flag => !processorFlags.has(flag)) : [];
  return missing.length > 0 ? processorProblem(missing.map(flag => flag.toUpperCase())) : undefined;
}

/**
 * Whether the processor multiplies 8-bit integers in one instruction, for which ONNX Runtime has kernels: VNNI, or Arm's dot product. Without them a
 * model in int8 may be slower than in float. Where the system does not tell, only Apple's processors are known to have it.
 */
export function hasInt8Instructions({ platform, processorFlags }: Platform): boolean {
  return processorFlags ? ['avx512_vnni', 'avx_vnni', 'asimddp'].some(flag => processorFlags.has(flag)) : platform === 'darwin';
}

/** The processor lacks instructions; `missing` names them where they are known. */
export function processorProblem(missing: readonly string[]): ErrorInfo {
  return {
    code: 'processorUnsupported',
    message: `This processor lacks instructions that the search engine needs (${(missing.length > 0 ? missing : ['AVX2 or FMA']).join(', ')}), so pictures cannot be read here. File names are searched instead. `
      + 'In a virtual machine, let it pass on the host\'s processor type.',
  };
}

/** What loading a native library has thrown, in words for the user. */
export function loadProblem(thrown: unknown): ErrorInfo {
  const reason = messageOf(thrown).split('\n')[0]!;
  // glibc's libraries do not load where musl is the C library (Alpine), nor those of a newer glibc on an older system.
  const remedy = /GLIBC|ld-linux|musl|symbol not found|libstdc\+\+/i.test(reason) ? 'The system\'s C library does not fit: it takes glibc 2.28 or newer.' : 'Install the extension again, in the version for this platform.';
  return { code: 'nativeMissing', message: `A native library of the search engine cannot be loaded, so pictures cannot be read. File names are searched instead. ${remedy} (${reason.slice(0, 300)})` };
}

function readProcessorFlags(): ReadonlySet<string> | undefined {
  try {
    const flags = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1];
    return flags === undefined ? undefined : new Set(flags.split(/\s+/));
  } catch {
    return undefined;
  }
}
