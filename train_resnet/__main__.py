import argparse
from pathlib import Path
from preprocessing import fer2013
from train_resnet.config import Recipe
from train_resnet.dataset import examples
from train_resnet.training import train
p=argparse.ArgumentParser()
p.add_argument("command");p.add_argument("--data");p.add_argument("--votes");p.add_argument("--arch",default=Recipe.arch);p.add_argument("--output",type=Path);p.add_argument("--epochs",type=int,default=Recipe.epochs);p.add_argument("--resume",action="store_true");p.add_argument("--limit",type=int)
a=p.parse_args()
d=fer2013.load(a.data,a.votes)
t=examples(d.split("Training"));v=examples(d.split("PublicTest"))
if a.limit:
    import dataclasses
    t=dataclasses.replace(t,**{k:getattr(t,k)[:a.limit] for k in("crops","labels","votes","votes_weight")})
    v=dataclasses.replace(v,**{k:getattr(v,k)[:a.limit] for k in("crops","labels","votes","votes_weight")})
train(Recipe(arch=a.arch,epochs=a.epochs),t,v,a.output,a.resume)
