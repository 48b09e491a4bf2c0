/** The process that checks a model: an unknown graph may crash or hang ONNX Runtime, and takes all cores for a while. */
import './nativeEnvironment';
import type { VerifyReply, VerifyRequest } from './conformance';
import { checkModel } from './conformanceChecks';
import { messageOf } from '../errors';
import { configureSharp } from './preprocess';

configureSharp();
// Without a parent there is nobody to work for.
process.on('disconnect', () => process.exit(0));
process.once('message', ({ folder, threads }: VerifyRequest) => {
  const send = (reply: VerifyReply): void => { process.send!(reply, undefined, undefined, () => process.exit(0)); };
  checkModel(folder, threads).then(report => send({ report }), (thrown: unknown) => send({ failure: messageOf(thrown) }));
});
