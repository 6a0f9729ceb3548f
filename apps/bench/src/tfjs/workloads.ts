import { mobilenetWorkloads } from './mobilenet';
import { resnet20Workloads } from './resnet20';
import { transformerWorkloads } from './transformer';
import type { Workload } from './workload';

export const workloads: readonly Workload[] = [...resnet20Workloads, ...mobilenetWorkloads, ...transformerWorkloads];
