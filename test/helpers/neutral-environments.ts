import { dev as devAsItStands } from '../../lib/config/dev';
import { prod as prodAsItStands } from '../../lib/config/prod';
import { prodStandby as standbyAsItStands } from '../../lib/config/prod-standby';
import { neutral } from '../../scripts/aws/neutral';

/** The literals as they are where nobody has filled them in: for tests that put in values of their own. */
export const dev = neutral(devAsItStands);
export const prod = neutral(prodAsItStands);
export const prodStandby = neutral(standbyAsItStands);
