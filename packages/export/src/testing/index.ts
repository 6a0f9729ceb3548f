// Conformance suite for exporters; pass it `{ describe, it }` of your test runner.
export { describeExporter, type ExporterSuiteOptions } from './describe-exporter';
