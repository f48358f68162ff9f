"""What a caller says: predictions, labels, batches of them."""

from truthlag.call.report import IngestReport
from truthlag.call.tracker import ModelPerformanceTracker
from truthlag.call.views import GroundTruthView, PredictionView

__all__ = ["GroundTruthView", "IngestReport", "ModelPerformanceTracker", "PredictionView"]
