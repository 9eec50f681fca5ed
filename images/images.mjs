// What goes into the image of each service, beside Node and the system. Read by the build and by nothing else.

/** @typedef {{ kind: 'service' | 'predict', main: string, programs: string[], folders: string[] }} Image */

const model = 'src/services/predict/inference/model-process.ts';

/** `programs` are started by `main` as files of their own; `folders` are read while it runs. @type {Record<string, Image>} */
export const images = {
  core: { kind: 'service', main: 'src/services/core/main.ts', programs: [], folders: [] },
  'enterprise-info': {
    kind: 'service',
    main: 'src/services/enterprise-info/main.ts',
    programs: [],
    folders: ['migrations/tenant'],
  },
  predict: {
    kind: 'predict',
    main: 'src/services/predict/main.ts',
    programs: [model, 'src/services/predict/inference/watchdog-thread.ts'],
    folders: [],
  },
  'predict-registry': {
    kind: 'predict',
    main: 'src/services/predict/registry-main.ts',
    programs: [model],
    folders: [],
  },
  // Run once by a deployment, before services change.
  migrations: { kind: 'service', main: 'src/services/migrations/main.ts', programs: [], folders: ['migrations/core'] },
};
