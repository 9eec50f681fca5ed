import { type IBuildImage, LinuxArmBuildImage } from 'aws-cdk-lib/aws-codebuild';

/** What a project runs on, and what is done before `npm ci`. On ARM, which our images are for. */
export type BuildSystem = {
  readonly image: IBuildImage;
  /** Why the image is not one of CodeBuild's own. */
  readonly because?: string;
  /** Of AWS' own images, which alone know them. */
  readonly runtimes?: Readonly<Record<string, string>>;
  readonly install: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
};

/** Whatever Node is there: our own commands bring the one that they run on (local/bootstrap.mjs). */
export const amazonLinux: BuildSystem = {
  image: LinuxArmBuildImage.AMAZON_LINUX_2023_STANDARD_3_0,
  runtimes: { nodejs: '22' },
  install: [],
};

/** What the engines of tests are fetched, compiled and run with (local/setup/preflight.mjs); the image has the rest. */
const packages = ['ca-certificates', 'git', 'maven', 'openjdk-17-jre-headless', 'openssl', 'procps', 'python3-venv'];
/** Too old in the suite itself. */
const newerPackages = ['golang-go'];
const suite = 'bookworm';
const install = 'apt-get install --yes --no-install-recommends';

/**
 * The engines come from Debian, by its own tools: what tests with them runs on Debian. The image is the one that our own
 * begin with (images/service/Dockerfile). Lists of packages stay, as some tests download one.
 */
export const debian: BuildSystem = {
  image: LinuxArmBuildImage.fromDockerRegistry(
    `public.ecr.aws/docker/library/node:24.18.0-${suite}-slim@sha256:6f7b03f7c2c8e2e784dcf9295400527b9b1270fd37b7e9a7285cf83b6951452d`,
  ),
  because: 'The engines that tests run with come by the tools of Debian; the image is the one that our own begin with.',
  install: [
    `echo 'deb http://deb.debian.org/debian ${suite}-backports main' > /etc/apt/sources.list.d/backports.list`,
    'apt-get update',
    `${install} ${packages.join(' ')}`,
    `${install} --target-release ${suite}-backports ${newerPackages.join(' ')}`,
  ],
  // Debian's Go would not fetch the newer one that a program asks for.
  variables: { DEBIAN_FRONTEND: 'noninteractive', GOTOOLCHAIN: 'auto' },
};
